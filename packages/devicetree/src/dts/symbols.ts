import type { Marker } from '../property.js';
import { cell, type References } from './resolve.js';
import { liveLabels, SourceNode } from './source-tree.js';

/** Adds `/__symbols__`: the path of every labelled node, each of which gets a phandle, for overlays to refer to. */
export function addSymbols(root: SourceNode, references: References): void {
  const labelled = [...root.walk()].filter((node) => liveLabels(node.labels).length > 0);
  if (labelled.length === 0) return;
  const symbols = childOf(root, '__symbols__');
  for (const node of labelled) {
    for (const label of liveLabels(node.labels)) {
      if (symbols.property(label) !== undefined) continue;
      symbols.addProperty(label, text(node.path));
    }
    references.phandleOf(node);
  }
}

/**
 * Adds what an overlay needs to be applied: `/__fixups__`, where the base's symbols have to go
 * (`path:property:offset`), and `/__local_fixups__`, where phandles of its own have to be shifted.
 */
export function addFixups(root: SourceNode, references: References): void {
  const nodes = [...root.walk()];
  for (const node of nodes) {
    for (const { property, marker } of phandlesOf(node)) {
      if (references.find(marker.name as string) !== undefined) continue;
      append(childOf(root, '__fixups__'), marker.name as string, text(`${node.path}:${property}:${marker.offset}`));
    }
  }
  for (const node of nodes) {
    for (const { property, marker } of phandlesOf(node)) {
      if (references.find(marker.name as string) === undefined) continue;
      let mirror = childOf(root, '__local_fixups__');
      for (const name of node.path.split('/')) if (name !== '') mirror = childOf(mirror, name);
      append(mirror, property, { bytes: cell(marker.offset), markers: [{ kind: 'uint32', offset: 0 }] });
    }
  }
}

function* phandlesOf(node: SourceNode): Generator<{ property: string; marker: Marker }> {
  if (node.deleted) return;
  for (const property of node.properties) {
    if (property.deleted) continue;
    for (const marker of property.value.markers)
      if (marker.kind === 'phandle') yield { property: property.name, marker };
  }
}

function childOf(parent: SourceNode, name: string): SourceNode {
  const existing = parent.child(name);
  if (existing !== undefined) return existing;
  const child = new SourceNode(name);
  parent.addChild(child);
  return child;
}

function append(node: SourceNode, name: string, { bytes, markers }: { bytes: Uint8Array; markers: Marker[] }): void {
  const property = node.property(name);
  if (property === undefined) {
    node.addProperty(name, { bytes, markers });
    return;
  }
  const before = property.value;
  const joined = new Uint8Array(before.bytes.length + bytes.length);
  joined.set(before.bytes);
  joined.set(bytes, before.bytes.length);
  const moved = markers.map((marker) => ({ ...marker, offset: marker.offset + before.bytes.length }));
  property.value = { bytes: joined, markers: [...before.markers, ...moved] };
}

function text(value: string): { bytes: Uint8Array; markers: Marker[] } {
  return { bytes: new TextEncoder().encode(`${value}\0`), markers: [{ kind: 'string', offset: 0 }] };
}
