/** The memory of our own encoder in Node. */
import { describeEncoderMemory } from "../../contract/encoder-memory.ts";

describeEncoderMemory("plain");
