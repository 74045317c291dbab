/** Both modules of the encoder's kernels on random shapes. */
import { fuzzEncoderKernels } from "../../contract/encoder-fuzz.ts";

fuzzEncoderKernels("plain", 25);
fuzzEncoderKernels("relaxed", 25);
