/**
 * Properties are tried with other values in every run, and with the same ones where a change is judged: CI must not fail
 * for what was wrong before.
 */
const seed = process.env.FLOWGIT_PROPERTY_SEED;
if (seed !== undefined) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ seed: Number(seed) });
}
