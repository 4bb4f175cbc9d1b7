import type { Attachment } from '@trapline/core';

/** What SDEI nodes are found by (Linux `Documentation/devicetree/bindings/arm/firmware/sdei.txt`). */
export const SDEI_COMPATIBLE = 'arm,sdei-1.0';

/** Writes `/firmware/sdei`: compatible and method. */
export const describeSdei: NonNullable<Attachment['describe']> = (tree, { conduit }) => {
  const firmware = tree.root.child('firmware') ?? tree.root.add('firmware');
  firmware.child('sdei')?.remove();
  firmware.add('sdei', { compatible: SDEI_COMPATIBLE, method: conduit });
};
