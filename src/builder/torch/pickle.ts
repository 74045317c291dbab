/**
 * Reads a pickle without executing anything.
 *
 * Python's format is a program for a stack machine that may import and call any function. This machine knows the opcodes that build plain data, and
 * calls only what the caller names: every global goes through `resolveGlobal`, every call through the callable that it returned, every persistent id
 * through `loadPersistent`. Whatever else a pickle asks for throws. Opcodes after CPython's Lib/pickletools.py, protocols 0 to 5 as far as data needs.
 */

/** A value of a pickle: None is null, tuples and lists are arrays, dicts are Maps, objects are what the caller's functions return. */
export type PickleValue = unknown;

/** What the pickle may call: takes the arguments of a REDUCE. */
export type PickleCallable = (args: readonly PickleValue[]) => PickleValue;

export interface PickleWorld {
  /** Gives the object for an imported name, or throws. A {@link PickleCallable} may be called. */
  resolveGlobal(module: string, name: string): PickleValue;
  /** Gives the object for a persistent id. */
  loadPersistent(id: PickleValue): PickleValue;
  /** Makes the error for an opcode or a structure that is not data. */
  refuse(reason: string): Error;
}

const MARK = Symbol("mark");
const latin1 = new TextDecoder("latin1");
const utf8 = new TextDecoder();

/** @throws what the world's functions throw */
export function readPickle(bytes: Uint8Array, world: PickleWorld): PickleValue {
  return new PickleMachine(bytes, world).run();
}

class PickleMachine {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly world: PickleWorld;
  private readonly stack: PickleValue[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private position = 0;

  constructor(bytes: Uint8Array, world: PickleWorld) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.world = world;
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.unsigned(1);
      if (opcode === 0x2e) return this.pop();
      const act = ACTIONS.get(opcode);
      if (!act) throw this.world.refuse(`it uses the pickle opcode 0x${opcode.toString(16).padStart(2, "0")}, which is not needed for tensors.`);
      act(this);
    }
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.position) throw this.world.refuse("its pickle ends too early.");
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  unsigned(size: 1 | 2 | 4 | 8): number {
    this.take(size);
    const at = this.position - size;
    if (size === 1) return this.view.getUint8(at);
    if (size === 2) return this.view.getUint16(at, true);
    return size === 4 ? this.view.getUint32(at, true) : Number(this.view.getBigUint64(at, true));
  }

  signed32(): number {
    return this.unsigned(4) | 0;
  }

  float64(): number {
    this.take(8);
    return this.view.getFloat64(this.position - 8, false);
  }

  /** A little-endian two's complement integer of any length. */
  long(length: number): number {
    const bytes = this.take(length);
    let value = 0n;
    for (let index = length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index]!);
    return Number(BigInt.asIntN(length * 8, value));
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.world.refuse("its pickle ends too early.");
    const text = utf8.decode(this.take(end - this.position));
    this.position++;
    return text;
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  pop(): PickleValue {
    if (this.stack.length === 0) throw this.world.refuse("its pickle takes from an empty stack.");
    return this.stack.pop();
  }

  peek(): PickleValue {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.push(MARK);
  }

  /** Everything above the last mark, which is removed too. */
  popToMark(): PickleValue[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw this.world.refuse("its pickle lacks a mark.");
    return this.stack.splice(mark).slice(1);
  }

  tuple(length: number): void {
    const items = Array.from({ length }, () => this.pop()).reverse();
    this.push(items);
  }

  remember(key: number): void {
    this.memo.set(key, this.peek());
  }

  rememberNext(): void {
    this.remember(this.memo.size);
  }

  recall(key: number): void {
    if (!this.memo.has(key)) throw this.world.refuse("its pickle refers to an object that it did not store.");
    this.push(this.memo.get(key));
  }

  global(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") throw this.world.refuse("its pickle imports something without a name.");
    this.push(this.world.resolveGlobal(module, name));
  }

  call(): void {
    const args = this.pop();
    const callable = this.pop();
    if (typeof callable !== "function" || !Array.isArray(args)) throw this.world.refuse("its pickle calls something that is not a function.");
    this.push((callable as PickleCallable)(args));
  }

  setItems(items: readonly PickleValue[]): void {
    const target = this.peek();
    if (!(target instanceof Map) || items.length % 2 !== 0) throw this.world.refuse("its pickle sets items of something that is not a dict.");
    for (let index = 0; index < items.length; index += 2) target.set(items[index], items[index + 1]);
  }

  append(items: readonly PickleValue[]): void {
    const target = this.peek();
    if (!Array.isArray(target)) throw this.world.refuse("its pickle appends to something that is not a list.");
    for (const item of items) target.push(item);
  }

  persistent(): void {
    this.push(this.world.loadPersistent(this.pop()));
  }

  /** BUILD: the state of an object. State dicts carry `_metadata` this way; nothing here has a state, so it is dropped. */
  dropState(): void {
    this.pop();
    this.peek();
  }
}

type Action = (machine: PickleMachine) => void;

const ACTIONS: ReadonlyMap<number, Action> = new Map<number, Action>([
  [0x80, (m) => m.unsigned(1)], // PROTO
  [0x95, (m) => m.unsigned(8)], // FRAME
  [0x28, (m) => m.mark()], // MARK
  [0x30, (m) => m.pop()], // POP
  [0x31, (m) => m.popToMark()], // POP_MARK
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4a, (m) => m.push(m.signed32())], // BININT
  [0x4b, (m) => m.push(m.unsigned(1))], // BININT1
  [0x4d, (m) => m.push(m.unsigned(2))], // BININT2
  [0x8a, (m) => m.push(m.long(m.unsigned(1)))], // LONG1
  [0x47, (m) => m.push(m.float64())], // BINFLOAT
  [0x55, (m) => m.push(latin1.decode(m.take(m.unsigned(1))))], // SHORT_BINSTRING
  [0x54, (m) => m.push(latin1.decode(m.take(m.unsigned(4))))], // BINSTRING
  [0x8c, (m) => m.push(utf8.decode(m.take(m.unsigned(1))))], // SHORT_BINUNICODE
  [0x58, (m) => m.push(utf8.decode(m.take(m.unsigned(4))))], // BINUNICODE
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x74, (m) => m.push(m.popToMark())], // TUPLE
  [0x85, (m) => m.tuple(1)], // TUPLE1
  [0x86, (m) => m.tuple(2)], // TUPLE2
  [0x87, (m) => m.tuple(3)], // TUPLE3
  [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())], // SETITEM
  [0x75, (m) => m.setItems(m.popToMark())], // SETITEMS
  [0x61, (m) => m.append([m.pop()])], // APPEND
  [0x65, (m) => m.append(m.popToMark())], // APPENDS
  [0x71, (m) => m.remember(m.unsigned(1))], // BINPUT
  [0x72, (m) => m.remember(m.unsigned(4))], // LONG_BINPUT
  [0x94, (m) => m.rememberNext()], // MEMOIZE
  [0x68, (m) => m.recall(m.unsigned(1))], // BINGET
  [0x6a, (m) => m.recall(m.unsigned(4))], // LONG_BINGET
  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [0x93, (m) => m.global(...([m.pop(), m.pop()].reverse() as [PickleValue, PickleValue]))], // STACK_GLOBAL
  [0x51, (m) => m.persistent()], // BINPERSID
  [0x52, (m) => m.call()], // REDUCE
  [0x62, (m) => m.dropState()], // BUILD
]);
