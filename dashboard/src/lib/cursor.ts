/** A place in the log as the server writes it: `<epoch>:<position>`. */
export interface Cursor {
  epoch: string;
  pos: number;
}

export function parseCursor(text: string): Cursor {
  const at = text.lastIndexOf(":");
  return { epoch: text.slice(0, at), pos: Number(text.slice(at + 1)) };
}

export function cursorText(cursor: Cursor): string {
  return `${cursor.epoch}:${cursor.pos}`;
}
