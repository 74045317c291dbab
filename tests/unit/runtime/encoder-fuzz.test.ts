/** The plain kernels of the encoder on random shapes, in Node. The browser's test has both modules. */
import { fuzzEncoderKernels } from "../../contract/encoder-fuzz.ts";

fuzzEncoderKernels("plain", 25);
