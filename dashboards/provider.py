"""6. Provider: availability, outages, restitution, roll-out."""

from __future__ import annotations

from dashboards import infinity, looks
from dashboards.builder import PROVIDER, Dashboard, Row
from dashboards.influx import HOURLY, Pick, rows, select, series, tag_is
from dashboards.panels import table, timeseries
from dashboards.shared import TO_OFFICE, hours

OF_PROVIDER = tag_is("provider", "provider")
NEEDS_API = "From Ronda's API (Infinity plugin), the same figures as the printable report (/reports/sla)."

AVAILABILITY = table(
    "Ketersediaan tiap penyedia",
    "Share of time that a provider's offices were reachable; a quick view, the SLA report counts exactly",
    [
        rows(
            select(
                "office",
                [Pick("mean", "reachable", "ketersediaan")],
                where=[OF_PROVIDER],
                by=["provider"],
                every=None,
                resolution=HOURLY,
            )
        )
    ],
    sort_by="ketersediaan",
    descending=False,
    overrides=[looks.column("ketersediaan", unit="percentunit", decimals=3, thresholds=looks.AVAILABILITY)],
)
BY_OFFICE = table(
    "Ketersediaan tiap SKPD",
    "The worst first",
    [
        rows(
            select(
                "office",
                [Pick("mean", "reachable", "ketersediaan")],
                where=[OF_PROVIDER],
                by=["office", "kecamatan", "provider"],
                every=None,
                resolution=HOURLY,
            )
        )
    ],
    sort_by="ketersediaan",
    descending=False,
    overrides=[looks.column("ketersediaan", unit="percentunit", decimals=3, thresholds=looks.AVAILABILITY)],
    links=[TO_OFFICE],
)
DAILY = timeseries(
    "Ketersediaan harian",
    "By provider and day",
    [
        series(
            select(
                "office",
                [Pick("mean", "reachable", "ketersediaan")],
                where=[OF_PROVIDER],
                by=["provider"],
                every="1d",
                fill="none",
                resolution=HOURLY,
            ),
            alias="$tag_provider",
        )
    ],
    unit="percentunit",
    draw="bars",
    maximum=1,
)
STATES = hours(
    "Riwayat SKPD penyedia", "Hour by hour: was the office cut off at any moment of it?", OF_PROVIDER
)

SLA = table(
    "SLA dan restitusi bulan ini",
    NEEDS_API,
    [
        infinity.ask(
            "/api/v1/reports/sla",
            {
                "name": ("Penyedia", "string"),
                "sla_percent": ("Janji (%)", "number"),
                "availability_percent": ("Ketersediaan (%)", "number"),
                "outages_counted": ("Gangguan", "number"),
                "fee_idr": ("Biaya (Rp)", "number"),
                "restitution_idr": ("Restitusi (Rp)", "number"),
            },
            root="providers",
        )
    ],
    overrides=[looks.override("/Rp/", "byRegexp", {"unit": "currency:Rp", "decimals": 0})],
)
OUTAGES = table(
    "SKPD bulan ini: gangguan yang dihitung",
    NEEDS_API,
    [
        infinity.ask(
            "/api/v1/reports/sla",
            {
                "name": ("SKPD", "string"),
                "kecamatan": ("Kecamatan", "string"),
                "provider": ("Penyedia", "string"),
                "availability_percent": ("Ketersediaan (%)", "number"),
                "outages_counted": ("Dihitung", "number"),
                "outages_short": ("Singkat", "number"),
                "outages_excluded": ("Dikecualikan", "number"),
            },
            root="offices",
        )
    ],
    sort_by="Dihitung",
)
ROLLOUT = table(
    "SKPD yang belum terkoneksi",
    "The roll-out register, from Ronda's API (Infinity plugin); the latest first",
    [
        infinity.ask(
            "/api/v1/rollout",
            {
                "name": ("SKPD", "string"),
                "kecamatan": ("Kecamatan", "string"),
                "provider": ("Penyedia", "string"),
                "phase": ("Tahap", "number"),
                "stage": ("Kemajuan", "string"),
                "target_date": ("Target", "string"),
                "promised_date": ("Dijanjikan", "string"),
                "late_days": ("Terlambat (hari)", "number"),
            },
        )
    ],
    sort_by="Terlambat (hari)",
    may_be_empty="semua SKPD sudah terkoneksi",
)

DASHBOARD = Dashboard(
    uid="ronda-provider",
    title="6. SLA penyedia",
    description="Availability, outages, restitution, roll-out",
    variables=[PROVIDER],
    time_from="now-30d",
    refresh="5m",
    rows=[
        Row([AVAILABILITY, BY_OFFICE], height=10, widths=[8, 16]),
        Row([DAILY, STATES], height=12),
        Row([SLA, OUTAGES], height=10, widths=[10, 14]),
        Row([ROLLOUT], height=10),
    ],
)
