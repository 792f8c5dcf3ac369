import type { Context } from 'hono';
import type { ServerApp } from '../services.js';

const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];

/** The methods that an address takes; none where there is nothing. */
export function allowedMethods(app: ServerApp, { req: { path } }: Context): string[] {
  const isTaken = (method: string): boolean =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method);
  return methods.filter(isTaken).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : method));
}
