/**
 * A place that secrets come from. A secret that is there but cannot be read is an error, never null: a run must not go on
 * with a weaker secret of the same name, or with none.
 */
export interface SecretProvider {
  /**
   * The secret's value for a flow of the namespace, or null when there is none of that name.
   * @throws SecretUnreadableError
   */
  get(name: string, namespace?: string): Promise<string | null>;
}

/** Asks one provider after the other; the first that has the secret gives it. */
export function firstOf(providers: readonly SecretProvider[]): SecretProvider {
  return {
    async get(name, namespace) {
      for (const provider of providers) {
        const value = await provider.get(name, namespace);
        if (value !== null) return value;
      }
      return null;
    },
  };
}

/**
 * The text of a file that holds one secret: without the line break that editors end a file with, which is no part of a
 * token. A key of several lines keeps its own.
 */
export function textOfFile(text: string): string {
  return /^[^\n]*\n$/.test(text) ? text.replace(/\r?\n$/, '') : text;
}
