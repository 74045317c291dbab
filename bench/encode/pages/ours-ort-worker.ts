/** The package's worker with ONNX Runtime as the one engine. */
import * as Comlink from "comlink";
import { carryErrors } from "#core/comlink-errors.ts";
import { loadModel } from "#model/load-model.ts";
import { openSession } from "#runtime/open-session.ts";
import { openModelStorage } from "#worker/model-storage.ts";
import { WorkerService } from "#worker/service.ts";

// ONNX Runtime's threads may start with this file too, and must hear no call.
if (!self.name.startsWith("em-pthread")) {
  carryErrors(Comlink.transferHandlers);
  Comlink.expose(
    new WorkerService({
      loadModel,
      openModelStorage,
      deviceCandidates: async (model, { threads, onProgress }) => [
        {
          backend: "wasm",
          variant: "",
          unavailable: null,
          open: (signal) => openSession(model, { backend: "wasm", engine: "onnxruntime", threads, signal, onProgress }),
        },
      ],
    }),
  );
}
