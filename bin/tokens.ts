import { tokenScope } from '../schemas/api.js';
import { namespaceName } from '../schemas/resources.js';
import { openTokenStore, type Token, type TokenStore } from '../src/server/tokens/token-store.js';
import type { Session } from './session.js';
import { withStorage } from './storage.js';
import { plainLine } from './terminal/plain-text.js';
import { UsageError } from './usage-error.js';

export interface TokenRequest {
  action: string;
  id: string;
  name: string;
  scopes: readonly string[];
  namespaces: readonly string[] | null;
  /** As given: a while or a date. */
  expires: string | null;
}

/** Does what `flowgit token` asks for, and resolves to the exit code. */
export async function actOnTokens(session: Session, request: TokenRequest): Promise<number> {
  await withStorage(session, async (storage) => {
    const tokens = openTokenStore(storage);
    if (request.action === 'create') await create(session, tokens, request);
    else if (request.action === 'list') await list(session, tokens);
    else await revoke(session, tokens, request.id);
  });
  return 0;
}

async function create({ settings, print, printJson }: Session, tokens: TokenStore, request: TokenRequest) {
  const { text, token } = await tokens.create({
    name: request.name,
    scopes: request.scopes.map((scope) => {
      const known = tokenScope.safeParse(scope);
      if (known.success) return known.data;
      throw new UsageError('--scope is one of read, run, write, admin.');
    }),
    namespaces: request.namespaces?.map(checkNamespace) ?? null,
    expiresAt: request.expires === null ? null : readExpiry(request.expires, new Date()),
  });
  if (settings.json) printJson({ text, token });
  else print(`${text}\n`);
}

async function list({ settings, print, printJson }: Session, tokens: TokenStore) {
  const all = await tokens.list();
  if (settings.json) printJson({ tokens: all });
  else for (const token of all) print(`${lineOf(token)}\n`);
}

async function revoke({ settings, print, printJson }: Session, tokens: TokenStore, id: string) {
  await tokens.revoke(id);
  if (settings.json) printJson({ revoked: id });
  else print(`revoked ${plainLine(id)}\n`);
}

function lineOf({ id, name, scopes, namespaces, expiresAt }: Token): string {
  const where = namespaces === null ? 'all namespaces' : namespaces.join(',');
  const until = expiresAt === null ? 'no end' : `until ${expiresAt}`;
  return [id, plainLine(name), scopes.join(','), where, until].join('  ');
}

function checkNamespace(name: string): string {
  if (namespaceName.safeParse(name).success) return name;
  throw new UsageError('--namespace is a dotted name in lower case, such as company.team.');
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function readExpiry(text: string, now: Date): Date {
  const [, amount, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const isDate = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const at =
    amount === undefined
      ? new Date(isDate ? text : Number.NaN)
      : new Date(now.getTime() + Number(amount) * (unitMs[unit] ?? 0));
  if (!Number.isNaN(at.getTime()) && at > now) return at;
  throw new UsageError('--expires is a while such as 90d, 12h or 30m, or a date to come such as 2027-01-31.');
}
