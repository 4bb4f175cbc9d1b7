import { MONITOR } from './image-data.js';

const PARAMETERS = 0x10;

/** The monitor's machine code, to be loaded at address 0, for a shared area at a physical address. */
export function monitorImage(area: number): Uint8Array {
  const image = Uint8Array.from(atob(MONITOR), (character) => character.charCodeAt(0));
  new DataView(image.buffer).setBigUint64(PARAMETERS, BigInt(area), true);
  return image;
}
