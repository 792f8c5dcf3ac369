import type { Context } from 'hono';
import { routePath } from 'hono/route';

/**
 * What was asked for, as a route: addresses hold keys of webhooks, which belong in no log, and there are as many of them
 * as somebody makes up.
 */
export function routeOf(context: Context): string {
  const path = routePath(context, -1);
  return path === '' || path.includes('*') ? 'none' : path;
}
