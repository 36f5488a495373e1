/** An id for a message. Node's crypto is loaded when the first is wanted, not before the first frame. */
export function newId(): string {
  return process.getBuiltinModule("node:crypto").randomUUID();
}
