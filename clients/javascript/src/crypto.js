/** Return WebCrypto; Node 18 has it, but not as a global. */
export async function webCrypto() {
  return globalThis.crypto ?? (await import("node:crypto")).webcrypto;
}
