/** Our own encoder on random batches, with both modules. */
import { fuzzEncoderBatches } from "../../contract/encoder-batches.ts";

fuzzEncoderBatches("plain", 3);
fuzzEncoderBatches("relaxed", 6);
