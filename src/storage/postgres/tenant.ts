import { UnsupportedError } from '../../errors.js';

export const defaultTenant = 'main';
const pattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/**
 * Takes `tenant` out of a URL's parameters; without one it is `main`.
 * @throws UnsupportedError
 */
export function takeTenant(parameters: URLSearchParams): string {
  const tenant = parameters.get('tenant') ?? defaultTenant;
  parameters.delete('tenant');
  return checkTenant(tenant);
}

/** @throws UnsupportedError */
export function checkTenant(tenant: string): string {
  if (pattern.test(tenant)) return tenant;
  throw new UnsupportedError('The tenant in the storage URL is not a tenant.', {
    hint: 'A tenant is at most 63 lower-case letters, digits, "-" and "_", and starts with a letter or digit.',
  });
}
