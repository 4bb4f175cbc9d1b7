/**
 * Writes an archive in the format "newc", as Linux unpacks its initial file system (Documentation/driver-api/
 * early-userspace/buffer-format.rst). Each file is { name, mode, bytes?, device? } with the type in its mode.
 */
export function cpio(files) {
  const parts = [];
  const all = [...files, { name: 'TRAILER!!!', mode: 0 }];
  for (const [index, { name, mode, bytes = Buffer.alloc(0), device = [0, 0] }] of all.entries()) {
    const fields = [index + 1, mode, 0, 0, 1, 0, bytes.length, 0, 0, ...device, name.length + 1, 0];
    const head = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}${name}\0`;
    parts.push(padded(Buffer.from(head)), padded(bytes));
  }
  return Buffer.concat(parts);
}

function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
