/** `start` is an offset into the template's source; `height` is that of the tree below, for the bound on it. */
interface Place {
  readonly start: number;
  readonly height: number;
}

export interface CallArguments {
  readonly positional: readonly Expression[];
  readonly named: readonly { readonly name: string; readonly value: Expression; readonly start: number }[];
}

export type Expression =
  | (Place & { readonly kind: 'literal'; readonly value: unknown })
  | (Place & { readonly kind: 'variable'; readonly name: string })
  | (Place & { readonly kind: 'attribute'; readonly target: Expression; readonly key: Expression })
  | (Place & { readonly kind: 'call'; readonly name: string; readonly args: CallArguments })
  | (Place & {
      readonly kind: 'filter';
      readonly input: Expression;
      readonly name: string;
      readonly nameStart: number;
      readonly args: CallArguments;
    })
  | (Place & {
      readonly kind: 'test';
      readonly input: Expression;
      readonly name: string;
      readonly args: CallArguments;
      readonly negated: boolean;
    })
  | (Place & { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression })
  | (Place & {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Place & {
      readonly kind: 'conditional';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly otherwise: Expression;
    })
  | (Place & { readonly kind: 'list'; readonly items: readonly Expression[] })
  | (Place & {
      readonly kind: 'map';
      readonly entries: readonly { readonly key: Expression; readonly value: Expression }[];
    })
  | (Place & { readonly kind: 'interpolation'; readonly parts: readonly Expression[] });

export type UnaryOperator = 'not' | '-' | '+';

export type BinaryOperator =
  | 'or'
  | 'and'
  | 'contains'
  | 'matches'
  | '=='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'in'
  | 'not in'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '~'
  | '..'
  | '??'
  | '???';

export type Statement =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'print'; readonly value: Expression }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly condition: Expression; readonly body: readonly Statement[] }[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: 'for';
      readonly variable: string;
      readonly values: Expression;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: 'set'; readonly variable: string; readonly value: Expression }
  | {
      readonly kind: 'filtered';
      readonly body: readonly Statement[];
      readonly filters: readonly {
        readonly name: string;
        readonly args: CallArguments;
        readonly start: number;
      }[];
    };

/** Where one `{{ … }}` or `{% … %}` stands in the source. */
export interface TagPlace {
  readonly start: number;
  readonly end: number;
}

/** A parsed property. Immutable, and good for any number of evaluations. */
export interface Template {
  readonly source: string;
  readonly statements: readonly Statement[];
  readonly tags: readonly TagPlace[];
}
