/** Messages of Protocol Buffers, as far as tests read them. */

/** Number and value of each field: numbers of variable length as numbers, everything else as its bytes. */
export type Fields = [field: number, value: number | Uint8Array][];

/** Reads a message. */
export function fieldsOf(bytes: Uint8Array): Fields {
  const fields: Fields = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) fields.push([tag >> 3, varint()]);
    else {
      const length = type === 1 ? 8 : type === 5 ? 4 : varint();
      fields.push([tag >> 3, bytes.subarray(at, at += length)]);
    }
  }
  return fields;
}
