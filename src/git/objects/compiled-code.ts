/** As much of it as is used here; Node's types leave it to the browser's. */
declare const WebAssembly: {
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

/**
 * Compiles what scripts/compile-wasm.js made of AssemblyScript.
 * @param code as it stands in its module, in base64
 * @returns what makes an instance, with memory of its own
 */
export function compiledCode<Exports>(code: string): () => Exports {
  const module = new WebAssembly.Module(Buffer.from(code, 'base64'));
  return () => new WebAssembly.Instance(module).exports as Exports;
}
