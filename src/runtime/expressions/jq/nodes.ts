/** Operators between two values. */
export type JqOperator = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A jq filter: a program, or a part of one. Every filter takes one value and gives any number of values. */
export type JqFilter =
  | { readonly kind: 'identity' | 'recurse' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'text'; readonly parts: readonly (string | JqFilter)[]; readonly format: string | null }
  | { readonly kind: 'format'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'index'; readonly target: JqFilter; readonly key: JqFilter }
  | {
      readonly kind: 'slice';
      readonly target: JqFilter;
      readonly from: JqFilter | null;
      readonly to: JqFilter | null;
    }
  | { readonly kind: 'iterate'; readonly target: JqFilter }
  | { readonly kind: 'array'; readonly body: JqFilter | null }
  | {
      readonly kind: 'object';
      readonly entries: readonly { readonly key: JqFilter; readonly value: JqFilter }[];
    }
  | { readonly kind: 'negate'; readonly operand: JqFilter }
  | {
      readonly kind: 'pipe' | 'comma' | 'and' | 'or' | 'alternative';
      readonly left: JqFilter;
      readonly right: JqFilter;
    }
  | {
      readonly kind: 'operate';
      readonly operator: JqOperator;
      readonly left: JqFilter;
      readonly right: JqFilter;
    }
  | { readonly kind: 'assign'; readonly operator: string; readonly left: JqFilter; readonly right: JqFilter }
  | {
      readonly kind: 'if';
      readonly condition: JqFilter;
      readonly yes: JqFilter;
      readonly otherwise: JqFilter;
    }
  | { readonly kind: 'try'; readonly body: JqFilter; readonly handler: JqFilter | null }
  | { readonly kind: 'bind'; readonly source: JqFilter; readonly variable: string; readonly body: JqFilter }
  | {
      readonly kind: 'reduce';
      readonly source: JqFilter;
      readonly variable: string;
      readonly start: JqFilter;
      readonly update: JqFilter;
    }
  | {
      readonly kind: 'foreach';
      readonly source: JqFilter;
      readonly variable: string;
      readonly start: JqFilter;
      readonly update: JqFilter;
      readonly extract: JqFilter;
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly JqFilter[] };
