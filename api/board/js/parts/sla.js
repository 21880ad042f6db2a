// The month's figures, whatever the report calls its rows.

/** [{office, name, provider, availability (0..1|null), outages, unknown_s}] */
export function slaFigures(report) {
  return (report.offices ?? report.items ?? []).map((row) => ({
    office: row.office?.id ?? row.office ?? row.id,
    name: row.name ?? row.office?.name ?? null,
    provider: row.provider ?? null,
    availability: row.availability ?? row.availability_ratio ?? null,
    outages: Array.isArray(row.outages) ? row.outages.length : (row.outages ?? null),
    unknown_s: row.unknown_s ?? 0,
  }));
}
