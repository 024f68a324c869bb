/**
 * Whether a base64 source begins like a PNG, JPEG, GIF or WebP file. The CLI would send a line of text in place of an
 * image that it cannot read.
 */
export function isImageFile(source: unknown): boolean {
  const { type, data } = source as { type?: unknown; data?: unknown };
  return type !== 'base64' || beginnings.some(beginning => String(data).startsWith(beginning));
}

/** Each format's first bytes, in base64. */
const beginnings = ['iVBORw0KGgo', '/9j/', 'R0lGOD', 'UklGR'];
