"""Merkle trees: known roots, every proof of small trees, every wrong proof of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.errors import ValueProblem
from bss_mfg.transparency import merkle
from bss_mfg.transparency.merkle import CompactRange
from bss_mfg.transparency.tree import LeafTree
from tests.helpers.amount import sized

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""The reference tree of Certificate Transparency's own tests (google/certificate-transparency), by number of leaves."""


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


def tree_of(leaves: Sequence[bytes]) -> LeafTree:
    return LeafTree(leaves, lambda first, end: leaves[first:end])


def root_by_definition(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = max(1 << power for power in range(32) if 1 << power < len(leaves))
    halves = root_by_definition(leaves[:split]) + root_by_definition(leaves[split:])
    return hashlib.sha256(b"\1" + halves).digest()


def test_the_reference_tree() -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in LEAVES]
    grown = CompactRange()
    for size, root in enumerate(ROOTS):
        assert merkle.root_of(leaves[:size]).hex() == root
        assert grown.root.hex() == root
        assert tree_of(leaves[:size]).root.hex() == root
        grown = grown.extended(leaves[size : size + 1])


def test_every_proof_of_small_trees_and_no_other() -> None:
    for size in range(1, sized(full=40, usual=18)):
        leaves, tree = leaves_of(size), tree_of(leaves_of(size))
        for index in range(size):
            path = merkle.inclusion_proof(index, size, tree.subtree)
            assert merkle.root_of_inclusion(index, size, leaves[index], path) == tree.root
            for place in range(size):
                if place != index:
                    wrong = merkle.root_of_inclusion
                    with_other = [other for other in (leaves[index],) if _leads(wrong, place, size, other, path, tree)]
                    assert with_other == []
            for cut in (path[1:], path[:-1], [*path, path[-1] if path else leaves[0]]):
                if len(cut) != len(path):
                    with pytest.raises(ValueProblem):
                        merkle.root_of_inclusion(index, size, leaves[index], cut)
        for first in range(1, size + 1):
            proof, before = merkle.consistency_proof(first, size, tree.subtree), merkle.root_of(leaves[:first])
            assert merkle.roots_of_consistency(first, before, size, proof) == (before, tree.root)
            changed = bytes([before[0] ^ 1]) + before[1:]
            assert merkle.roots_of_consistency(first, changed, size, proof) != (changed, tree.root) or first == size
            for cut in ([proof[:-1]] if proof else []) + [[*proof, tree.root]]:
                with pytest.raises(ValueProblem):
                    merkle.roots_of_consistency(first, before, size, cut)


def _leads(verify: object, place: int, size: int, leaf: bytes, path: list[bytes], tree: LeafTree) -> bool:
    try:
        return bool(merkle.root_of_inclusion(place, size, leaf, path) == tree.root)
    except ValueProblem:
        return False


def test_every_subset_of_small_trees() -> None:
    for size in range(1, sized(full=11, usual=9)):
        leaves, tree = leaves_of(size), tree_of(leaves_of(size))
        for count in range(1, size + 1):
            for places in combinations(range(size), count):
                runs = merkle.runs_of(places)
                given_leaves = [leaves[place] for place in places]
                proof = merkle.subset_proof(runs, size, tree.subtree)
                assert merkle.root_of_subset(runs, iter(given_leaves), size, proof) == tree.root
                if count == 1:
                    assert sorted(proof) == sorted(merkle.inclusion_proof(places[0], size, tree.subtree))
                given_leaves[0] = bytes(32)
                assert merkle.root_of_subset(runs, iter(given_leaves), size, proof) != tree.root
                for wrong_leaves, wrong_proof in (
                    (given_leaves[1:], proof),
                    ([*given_leaves, bytes(32)], proof),
                    (given_leaves, [*proof, bytes(32)]),
                    *([(given_leaves, proof[:-1])] if proof else []),
                ):
                    with pytest.raises(ValueProblem):
                        merkle.root_of_subset(runs, iter(wrong_leaves), size, wrong_proof)


@pytest.mark.parametrize("runs", [[(3, 1), (1, 1)], [(0, 2), (1, 1)], [(0, 0)], [(7, 4)], [(-1, 1)]])
def test_runs_that_are_none_are_refused(runs: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueProblem):
        merkle.root_of_subset(runs, iter([bytes(32)] * 9), 10, [])


@settings(max_examples=sized(full=200, usual=25))
@given(st.integers(1, 9_000), st.data())
def test_a_large_tree_grows_and_proves_as_the_definition_says(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    first = data.draw(st.integers(1, size))
    tree = tree_of(leaves)
    assert tree.root == root_by_definition(leaves)
    before = CompactRange().extended(leaves[:first])
    assert before.root == root_by_definition(leaves[:first])
    assert before.extended(leaves[first:]).root == tree.root
    proof = merkle.consistency_proof(first, size, tree.subtree)
    assert merkle.roots_of_consistency(first, before.root, size, proof) == (before.root, tree.root)
    places = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=40)))
    runs = [*merkle.runs_of(places)]
    subset = merkle.subset_proof(runs, size, tree.subtree)
    assert merkle.root_of_subset(runs, (leaves[place] for place in places), size, subset) == tree.root


def test_a_tree_in_memory_asks_for_few_leaves() -> None:
    leaves = leaves_of(70_000)
    asked: list[int] = []

    def read(first: int, end: int) -> Sequence[bytes]:
        asked.append(end - first)
        return leaves[first:end]

    tree = LeafTree(leaves, read)
    merkle.inclusion_proof(40_000, 70_000, tree.subtree)
    assert sum(asked) <= 512


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(ValueProblem):
        CompactRange(3, (bytes(32),))
