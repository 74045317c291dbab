/** What we use of ONNX Runtime's JavaScript API, which onnxruntime-web and onnxruntime-node share; so that this room can do without either. */

export interface OrtApi<Tensor> {
  readonly Tensor: {
    new (type: "float32", data: Float32Array, dims: readonly number[]): Tensor;
    new (type: "int64", data: BigInt64Array, dims: readonly number[]): Tensor;
  };
  readonly InferenceSession: { create(model: Uint8Array, options: OrtSessionOptions): Promise<OrtSession<Tensor>> };
}

export interface OrtSessionOptions {
  readonly executionProviders: readonly ("wasm" | "cpu")[];
  readonly graphOptimizationLevel: "basic" | "all";
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly intraOpNumThreads?: number;
}

export interface OrtSession<Tensor> {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, Tensor>, outputs: readonly string[]): Promise<Readonly<Record<string, { readonly data: unknown }>>>;
  release(): Promise<void>;
}
