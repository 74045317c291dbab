/** The two forms of the relaxed products. They give the same numbers. */
import type { KernelFunctions, RelaxedFunctions } from "./kernels.ts";

/** `sums`: sums in 16 bits. `dots`: one instruction for product and sum. */
export type ProductForm = (typeof PRODUCT_FORMS)[number];
export const PRODUCT_FORMS = ["sums", "dots"] as const;

/** The functions with the products of that form; the plain module has `sums` only. */
export function withForm(kernels: KernelFunctions, form: ProductForm): KernelFunctions {
  if (form === "sums") return kernels;
  const { linearBlocksDot, linearBytesDot } = kernels as RelaxedFunctions;
  return { ...kernels, linearBlocks: linearBlocksDot, linearBytes: linearBytesDot };
}
