/** The memory of our own encoder in a browser. */
import { describeEncoderMemory } from "../../contract/encoder-memory.ts";

describeEncoderMemory("relaxed");
