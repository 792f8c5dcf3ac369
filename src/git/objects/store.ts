/** Git's four kinds of object. */
export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export interface GitObject {
  type: ObjectType;
  /** Contents without the `<type> <size>\0` header. Shared memory: never written to. */
  data: Uint8Array;
}

/** Objects at hand, by id. Synchronous: what is not here has to be fetched by someone who may wait. */
export interface ReadableObjects {
  has(oid: string): boolean;
  get(oid: string): GitObject | undefined;
  /**
   * The id as it is kept here, if it is: a string that stands for itself, where one cut out of a tree's text keeps all
   * of that text alive and is compared letter by letter.
   */
  nameOf?(oid: string): string | undefined;
}

/** Objects at hand, with room for new ones. */
export interface ObjectStore extends ReadableObjects {
  /** Keeps an object and answers its id. The caller no longer writes to `data`. */
  put(type: ObjectType, data: Uint8Array): string;
}
