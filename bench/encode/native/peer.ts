/** The peer in Node: transformers.js on onnxruntime-node. */
import path from "node:path";
import { env } from "@huggingface/transformers";
import { openPeer } from "../peer-model.ts";
import { serveSide } from "./serve-side.ts";

env.localModelPath = `${path.resolve(".cache/peers")}/`;
serveSide(openPeer("cpu"));
