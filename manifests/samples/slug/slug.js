/** The letters that no accent can be taken off of. */
const letters = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d" };

/**
 * A name for a URL: `Crème brûlée, twice` becomes `creme-brulee-twice`.
 *
 * @param {string} title
 * @param {number} limit how many characters it may have; words are left out whole where one of them is too many
 * @returns {string}
 */
export function slug(title, limit = 60) {
  const words = title
    .toLowerCase()
    .replace(/[ßæœøłđ]/g, (letter) => letters[letter])
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  if (words.length === 0) throw new RangeError("a title needs a letter or a digit");
  let name = words[0].slice(0, limit);
  for (const word of words.slice(1)) {
    if (name.length + 1 + word.length > limit) break;
    name += `-${word}`;
  }
  return name;
}
