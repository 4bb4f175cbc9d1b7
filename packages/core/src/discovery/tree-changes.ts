import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';

/** Collects what changes in a tree between one look and the next. */
export class TreeChanges {
  readonly #nodes = new Set<DeviceTreeNode>();
  readonly #stop: () => void;
  #any = false;
  #told = false;
  /** The node whose driver is binding: what the driver writes there is not news to it. */
  binding: DeviceTreeNode | undefined = undefined;

  /** `first` is called at the first change after each {@link take} or {@link rearm}. */
  constructor(tree: DeviceTree, first: () => void) {
    this.#stop = tree.observe((change) => {
      if (change.type === 'property-changed') {
        // A phandle is given to a node when something refers to it; its driver reads the same as before.
        if (change.node === this.binding || change.name === 'phandle' || change.name === 'linux,phandle') return;
        this.#nodes.add(change.node);
      }
      const news = !this.#told;
      this.#any = true;
      this.#told = true;
      if (news) first();
    });
  }

  /** Whether anything changed. */
  get any(): boolean {
    return this.#any;
  }

  /** The nodes whose properties changed; they are forgotten. */
  take(): ReadonlySet<DeviceTreeNode> {
    const nodes = new Set(this.#nodes);
    this.#nodes.clear();
    this.#any = false;
    this.#told = false;
    return nodes;
  }

  /** Makes the next change news again although there are older ones. */
  rearm(): void {
    this.#told = false;
  }

  dispose(): void {
    this.#stop();
  }
}
