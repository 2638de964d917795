// What is said of a face in words: never a value without its range or certainty, and "cannot tell" where it is so.

// No network is certain: 100 % would say so.
export const percent = (share) => (share > 0.99 ? "over 99 %" : `${Math.round(100 * share)} %`);

/** {text, more, isKnown} of an apparent age; null if it was not asked for. */
export function ageWords(age) {
  if (age === null) return null;
  const range = `${Math.round(age.low)} to ${Math.round(age.high)}`;
  if (!age.is_known) return { text: "cannot tell", more: `at best a guess: ${Math.round(age.years)}`, isKnown: false };
  const sure = age.certainty > 0 ? `, ${percent(age.certainty)} within ten years` : "";
  return { text: `about ${Math.round(age.years)}`, more: `likely ${range}${sure}`, isKnown: true };
}

/** The same of a sex, an ethnicity or an emotion. */
export function classWords(estimate) {
  if (estimate === null) return null;
  const chances = estimate.classes.map((name, at) => ({ name, share: estimate.distribution[at] })).sort((a, b) => b.share - a.share);
  if (estimate.answer === null) {
    const best = chances[0];
    return { text: "cannot tell", more: best ? `at best a guess: ${best.name}, ${percent(best.share)}` : "", isKnown: false };
  }
  return { text: estimate.answer, more: `${percent(estimate.certainty)} certain`, isKnown: true };
}

/** Where a head looks: "straight", "32° to the left, 10° down". */
export function poseWords({ yaw_deg: yaw, pitch_deg: pitch }) {
  const parts = [];
  if (Math.abs(yaw) >= 10) parts.push(`${Math.round(Math.abs(yaw))}° to the ${yaw > 0 ? "right" : "left"} of the picture`);
  if (Math.abs(pitch) >= 10) parts.push(`${Math.round(Math.abs(pitch))}° ${pitch > 0 ? "up" : "down"}`);
  return parts.join(", ") || "straight ahead";
}

/** How two readers differ about one face: {age: words, sex: words, isLarge}. */
export function differenceWords(first, second) {
  const out = { age: "", sex: "", isLarge: false };
  if (first.age && second.age) {
    if (!first.age.is_known || !second.age.is_known) out.age = first.age.is_known === second.age.is_known ? "neither can tell" : "one cannot tell";
    else {
      const years = Math.round(Math.abs(first.age.years - second.age.years));
      const apart = first.age.high < second.age.low || second.age.high < first.age.low;
      out.age = years === 0 ? "the same" : `${years} ${years === 1 ? "year" : "years"} apart${apart ? ", and so are the ranges" : ""}`;
      out.isLarge ||= apart;
    }
  }
  if (first.sex && second.sex) {
    if (first.sex.answer === null || second.sex.answer === null) out.sex = first.sex.answer === second.sex.answer ? "neither can tell" : "one cannot tell";
    else {
      out.sex = first.sex.answer === second.sex.answer ? "the same" : "they disagree";
      out.isLarge ||= first.sex.answer !== second.sex.answer;
    }
  }
  return out;
}
