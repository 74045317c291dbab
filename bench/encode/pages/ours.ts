/** Our own encoder, which is what `M3` takes on the CPU. */
import { offerSide } from "./our-side.ts";

offerSide();
