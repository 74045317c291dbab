/**
 * Makes sure that the peer's model is there (.cache/peers, about 130 MB): exported by bench/peers/export_stock_onnx.py from the same checkpoint.
 * PEER_PYTHON names a Python that has the packages of bench/peers/requirements.txt; without it a virtual environment is made in .cache/peers/venv.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { note } from "../harness/bench.ts";
import { PEER_MODEL } from "./protocol.ts";

export const PEERS = ".cache/peers";

export interface PeerReport {
  /** Dense cosines of the export against the goldens. */
  readonly fp32: { readonly mean: number; readonly min: number };
  readonly q8: { readonly mean: number; readonly min: number; readonly bytes: number };
}

export function ensurePeer(): PeerReport {
  const folder = path.join(PEERS, PEER_MODEL);
  const report = path.join(folder, "report.json");
  if (!existsSync(report)) {
    note("Exporting the peer's model (once).");
    run(peerPython(), ["bench/peers/export_stock_onnx.py", folder]);
  }
  return JSON.parse(readFileSync(report, "utf8"));
}

/** The peer's model of BGE-M3's size, by bench/peers/export_full_onnx.py: once, some minutes and 6 GB of memory. */
export function exportFullPeer(): void {
  const folder = path.join(PEERS, "full-q8");
  if (existsSync(path.join(folder, "report.json"))) return;
  note("Exporting the peer's model (once).");
  run(peerPython(), ["bench/peers/export_full_onnx.py", folder]);
}

function peerPython(): string {
  const given = process.env.PEER_PYTHON;
  if (given) return given;
  const python = path.join(PEERS, "venv/bin/python");
  if (!existsSync(path.join(PEERS, "venv/ready"))) {
    note("Making a Python environment for it (once; torch is large).");
    run("python3", ["-m", "venv", path.join(PEERS, "venv")]);
    run(python, ["-m", "pip", "install", "--quiet", "-r", "bench/peers/requirements.txt"]);
    run("touch", [path.join(PEERS, "venv/ready")]);
  }
  return python;
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, [...args], { stdio: ["ignore", 2, 2] });
}
