// Says of notes, audit paths and consistency proofs whether Go's golang.org/x/mod/sumdb takes them; signs notes, too.
package main

import (
	"encoding/json"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type asked struct {
	Notes       []struct{ Key, Note string }
	Inclusion   []struct {
		Size, Index int64
		Root, Leaf  []byte
		Proof       [][]byte
	}
	Consistency []struct {
		Size, First     int64
		Root, FirstRoot []byte
		Proof           [][]byte
	}
	Sign []struct{ Key, Text string }
}

type answer struct {
	Notes, Inclusion, Consistency []bool
	Signed                        []string
}

func hash(b []byte) (h tlog.Hash) {
	copy(h[:], b)
	return
}

func hashes(list [][]byte) (made []tlog.Hash) {
	for _, one := range list {
		made = append(made, hash(one))
	}
	return
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	var a asked
	var said answer
	check(json.NewDecoder(os.Stdin).Decode(&a))
	for _, one := range a.Notes {
		key, err := note.NewVerifier(one.Key)
		check(err)
		_, err = note.Open([]byte(one.Note), note.VerifierList(key))
		said.Notes = append(said.Notes, err == nil)
	}
	for _, one := range a.Inclusion {
		err := tlog.CheckRecord(hashes(one.Proof), one.Size, hash(one.Root), one.Index, hash(one.Leaf))
		said.Inclusion = append(said.Inclusion, err == nil)
	}
	for _, one := range a.Consistency {
		err := tlog.CheckTree(hashes(one.Proof), one.Size, hash(one.Root), one.First, hash(one.FirstRoot))
		said.Consistency = append(said.Consistency, err == nil)
	}
	for _, one := range a.Sign {
		key, err := note.NewSigner(one.Key)
		check(err)
		made, err := note.Sign(&note.Note{Text: one.Text}, key)
		check(err)
		said.Signed = append(said.Signed, string(made))
	}
	check(json.NewEncoder(os.Stdout).Encode(said))
}
