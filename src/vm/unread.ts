/** Messages that a process has not received, as the VM puts them out. */

/** A message or event (topic `@...`) with its encoded values. */
export interface Unread {
  readonly topic: string;
  readonly from: string;
  readonly values: Uint8Array;
}

const TEXTS_AT = 8;

/** The message in these bytes: lengths of topic and sender, both texts, the values. */
export function decodeUnread(bytes: Uint8Array): Unread {
  const decoder = new TextDecoder();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const topicEnd = TEXTS_AT + view.getUint32(0, true);
  const fromEnd = topicEnd + view.getUint32(4, true);
  return {
    topic: decoder.decode(bytes.subarray(TEXTS_AT, topicEnd)),
    from: decoder.decode(bytes.subarray(topicEnd, fromEnd)),
    values: bytes.slice(fromEnd),
  };
}
