import type { Marker } from '../property.js';
import { join } from '../value.js';
import { cell, type References } from './resolve.js';
import { liveLabels, SourceNode, type SourceValue } from './source-tree.js';

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
  const external = new Map<string, SourceValue[]>();
  const local: { node: SourceNode; property: string; offsets: SourceValue[] }[] = [];
  for (const node of root.walk()) {
    const path = node.path;
    for (const { property, markers } of phandlesOf(node)) {
      const offsets: SourceValue[] = [];
      for (const { name = '', offset } of markers) {
        if (references.find(name) !== undefined) {
          offsets.push({ bytes: cell(offset), markers: [{ kind: 'uint32', offset: 0 }] });
          continue;
        }
        const places = external.get(name) ?? [];
        places.push(text(`${path}:${property}:${offset}`));
        external.set(name, places);
      }
      if (offsets.length > 0) local.push({ node, property, offsets });
    }
  }
  for (const [name, places] of external) childOf(root, '__fixups__').addProperty(name, concatenate(places));
  for (const { node, property, offsets } of local) {
    let mirror = childOf(root, '__local_fixups__');
    for (const name of node.path.split('/')) if (name !== '') mirror = childOf(mirror, name);
    mirror.addProperty(property, concatenate(offsets));
  }
}

function* phandlesOf(node: SourceNode): Generator<{ property: string; markers: Marker[] }> {
  for (const property of node.properties) {
    if (property.deleted) continue;
    const markers = property.value.markers.filter(({ kind }) => kind === 'phandle');
    if (markers.length > 0) yield { property: property.name, markers };
  }
}

function childOf(parent: SourceNode, name: string): SourceNode {
  const existing = parent.child(name);
  if (existing !== undefined) return existing;
  const child = new SourceNode(name);
  parent.addChild(child);
  return child;
}

function concatenate(values: readonly SourceValue[]): SourceValue {
  const { bytes, markers } = join(...values);
  return { bytes, markers: [...markers] };
}

function text(value: string): SourceValue {
  return { bytes: new TextEncoder().encode(`${value}\0`), markers: [{ kind: 'string', offset: 0 }] };
}
