package e2e_test

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdRequests compares how often servers were read one by one and by a listing, and images one by one, and how many requests
// were no reads, or resets all counts: requests get=N list<=N image=N writes=N, requests reset.
func cmdRequests(ts *testscript.TestScript, w *world, args []string) {
	if args[0] == "reset" {
		w.cloud.ResetLog()

		return
	}

	compareCounts(ts, args, map[string]int{
		"get":    w.cloud.Count("GET", "/dev-servers/{id}"),
		"list":   w.cloud.Count("GET", "/dev-servers"),
		"image":  w.cloud.Count("GET", "/dev-servers/images/{id}"),
		"writes": w.cloud.Count("PUT", "") + w.cloud.Count("POST", "/dev-servers/{id}/reinstallos"),
	})
}

// compareCounts compares counts with key=N (exactly N), key<=N (at most N) and key=OTHER (the same as another count).
func compareCounts(ts *testscript.TestScript, wants []string, got map[string]int) {
	for _, want := range wants {
		key, value, _ := strings.Cut(want, "=")
		key, atMost := strings.CutSuffix(key, "<")

		number, ok := got[value]
		if !ok {
			var err error

			number, err = strconv.Atoi(value)
			ts.Check(err)
		}

		count, ok := got[key]
		if !ok {
			ts.Fatalf("%s is not counted", key)
		}

		if count != number && (!atMost || count > number) {
			ts.Fatalf("the cloud has counted %v, want %s", got, want)
		}
	}
}

// cmdSent compares what the cloud has counted for a server: sent NAME [posts=N] [wipes=N] [stops=N] [starts=N]. What is
// not mentioned must be 0.
func cmdSent(ts *testscript.TestScript, w *world, args []string) {
	id := w.ids[args[0]]
	want := map[string]int{"posts": 0, "wipes": 0, "stops": 0, "starts": 0}

	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		number, err := strconv.Atoi(value)
		ts.Check(err)

		want[key] = number
	}

	wipes := 0

	for _, wipe := range w.cloud.WipesOf(id) {
		if !wipe.Outside {
			wipes++
		}
	}

	got := map[string]int{
		"posts":  w.cloud.ReinstallPosts(id),
		"wipes":  wipes,
		"stops":  w.cloud.CountServer("PUT", "stop", id),
		"starts": w.cloud.CountServer("PUT", "start", id),
	}

	if !maps.Equal(want, got) {
		ts.Fatalf("%s: the cloud has counted %v, want %v", args[0], got, want)
	}
}

// cmdTotal compares what the cloud has counted for all servers together: total posts=N wipes<=N stops=N starts=N. What is
// not mentioned may be any number.
func cmdTotal(ts *testscript.TestScript, w *world, args []string) {
	compareCounts(ts, args, map[string]int{
		"posts":  w.cloud.Count("POST", "/reinstallos"),
		"wipes":  len(w.cloud.Wipes()),
		"stops":  w.cloud.Count("PUT", "/stop"),
		"starts": w.cloud.Count("PUT", "/start"),
	})
}

// cmdBody compares the body of the last reinstall request for a server: body NAME JSON. The only key that may be there
// without being mentioned is image_id.
func cmdBody(ts *testscript.TestScript, w *world, args []string) {
	var want, got map[string]string

	unmarshal(ts, args[1:], &want)

	for _, request := range w.cloud.Requests() {
		if request.Action == "reinstallos" && request.ServerID == w.ids[args[0]] {
			got = nil

			ts.Check(json.Unmarshal(request.Body, &got))
		}
	}

	if want["image_id"] == "" {
		delete(got, "image_id")
	}

	if !maps.Equal(want, got) {
		ts.Fatalf("%s: the last request was for %v, want %v", args[0], got, want)
	}
}

// cmdLawful fails if anything was sent that a correct client never sends: lawful.
func cmdLawful(ts *testscript.TestScript, w *world, _ []string) {
	if violations := w.cloud.Violations(); len(violations) > 0 {
		ts.Fatalf("illegal requests:\n%s", strings.Join(violations, "\n"))
	}
}
