"""sample: which packages to check."""

from __future__ import annotations

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, print_words, say
from bss_mfg.core.text import count_words


@click.command(epilog="Example: bss-mfg sample bulb-2026-11 --plan aql-1.0")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option("--plan", "name", default="aql-1.0", show_default=True, help="Acceptance quality limit, in percent.")
@click.option(
    "--inspection",
    type=click.Choice(["auto", "normal", "tightened", "reduced"]),
    default="auto",
    show_default=True,
    help="auto: as the switching rules say, reduced only if asked for.",
)
@click.option("--again", is_flag=True, help="Draw a new sample by the same plan.")
@json_option
@pass_app
def sample(app: App, batch_id: str, name: str, inspection: str, again: bool, as_json: bool) -> None:
    """Draw the packages of a batch to check: ISO 2859-1, single sampling, level II.

    Says which packages to check, and how many wrong ones the batch may have to be accepted. Scan their labels, then
    `bss-mfg verify BATCH FILES --sample` decides. Run again, the command shows the same sample.
    """
    from bss_mfg.verify.drawn_samples import advised_inspection, draw_sample, label_places
    from bss_mfg.verify.sampling_plans import INSPECTION_SEVERITIES, aql_of

    aql = aql_of(name)
    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        advice, why = advised_inspection(ledger, batch.product, aql)
        chosen = next((known for known in INSPECTION_SEVERITIES if known == inspection), advice)
        if inspection == "auto" and chosen == "reduced":
            chosen = "normal"
            say(f"Note: reduced inspection would be allowed: {why}. It takes --inspection reduced.")
        drawn, new = draw_sample(ledger, batch, aql, chosen, again)
        rows = list(label_places(ledger, batch, drawn.numbers))
        scrapped = ledger.packages.scrapped(batch.id)
    unprinted = [row for row in rows if row["file"] is None and row["package"] not in scrapped]
    if as_json:
        print_json(
            {
                "batch": batch_id,
                "aql": aql,
                "inspection": chosen,
                "advice": {"inspection": advice, "why": why},
                "lot": drawn.plan.lot,
                "letter": drawn.plan.letter,
                "sample": drawn.plan.sample,
                "accept": drawn.plan.accept,
                "reject": drawn.plan.reject,
                "seed": drawn.seed,
                "packages": rows,
            }
        )
    else:
        print_words(drawn.plan.description)
        print_table(
            [
                (
                    str(row["package"]),
                    str(row["serials"]),
                    str(row["file"] or ("scrapped" if row["package"] in scrapped else "no label yet")),
                    str(row["page"] or ""),
                    "" if row["x_mm"] is None else f"{row['x_mm']} / {row['y_mm']}",
                )
                for row in rows
            ],
            ("package", "serials", "file", "page (roll: label)", "mm from left / top"),
        )
    if inspection == "auto":
        say(f"Inspection: {chosen}, since {why}" if chosen == advice else f"Inspection: {chosen}")
    if unprinted:
        have = "has" if len(unprinted) == 1 else "have"
        say(
            f"Note: {count_words(len(unprinted), 'package')} of the sample {have} no label yet: make it first, with "
            f"`bss-mfg labels {batch_id}`, or after a replacement with `bss-mfg reprint`."
        )
    if gone := sum(row["package"] in scrapped for row in rows):
        say(f"Note: {count_words(gone, 'package')} of the sample with a scrapped unit: `sample --again` draws anew.")
    say(f"OK: {count_words(drawn.plan.sample, 'package')} to check" + ("" if new else ", as drawn before"))
