export function nameAfter(pattern, layer) {
  return pattern.replace('{layer}', () => layer);
}
//# sourceMappingURL=words.js.map
