/** Our own encoder on its plain kernels in Node, on random batches. The browser's test has both modules. */
import { fuzzEncoderBatches } from "../../contract/encoder-batches.ts";

fuzzEncoderBatches("plain", 6);
