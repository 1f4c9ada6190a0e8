"""Tests `tests/mutants/table` and what it reads, on planted mutants and results."""
import plan
import results


def check(wilson, complaints):
    low, high = wilson(190, 200)
    assert (round(low, 3), round(high, 3)) == (0.910, 0.973)

    assert complaints({"missed"}, {"missed"}) == []
    assert len(complaints({"missed"}, set())) == 1
    assert len(complaints(set(), {"caught by now"})) == 1
    assert results.explained("- `src/a.rs: replace f #2`: only speed\n`src/b.rs`") == {"src/a.rs: replace f #2"}

    def mutant(number, group=plan.SAMPLED):
        return plan.Mutant(f"f{number}", f"f{number}", "src/token/a.rs", group, "text")

    found = [mutant(number) for number in range(plan.SIZE * 2)] + [mutant("whole", "verifier")]
    kept = results.Results()
    kept.of = {}
    first = list(plan.planned(found, kept))
    assert first[0].group == "verifier" and len(first) == plan.SIZE + 1
    # One that does not compile lets the next one in, and nothing else changes.
    kept.keep(first[5], "unviable")
    assert list(plan.planned(found, kept))[:-1] == first
    # A result does not outlive the text of its function.
    kept.keep(first[6], "caught by token")
    assert kept.get(first[6].name, "text") == "caught by token" and kept.get(first[6].name, "other") is None
