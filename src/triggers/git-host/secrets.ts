import type { SecretSource } from '../../runtime/context.js';
import { renderValue } from '../../runtime/render-value.js';
import { triggerScope } from '../render.js';
import type { StoredFlow } from '../types.js';

/** Renders the secrets of triggers, and asks for each secret once, however many flows of a namespace name it. */
export function createSecretReader(
  secrets: SecretSource,
): (flow: StoredFlow, template: string) => Promise<string> {
  const asked = new Map<string, Promise<string | null>>();
  const once: SecretSource = {
    get(name, namespace) {
      const key = JSON.stringify([namespace, name]);
      const value = asked.get(key) ?? secrets.get(name, namespace);
      asked.set(key, value);
      return value;
    },
  };
  return async (flow, template) => {
    const value = await renderValue(template, triggerScope(flow, null, { secrets: once }), 'secret');
    // Secrets that are kept in files tend to end in a line break, which no host keeps.
    return typeof value === 'string' ? value.trim() : '';
  };
}
