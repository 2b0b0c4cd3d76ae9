// Package control lets another process inspect a simulated cloud and act on it.
package control

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

const maxBody = 12 << 20 // bytes

// Handler returns the routes through which another process inspects a cloud and acts on it. All are under /_simulator/ and
// speak JSON. They require no authentication, so they must be served on the loopback interface only.
//
//	GET  requests, wipes, violations, innocent, faults-hit, servers     the log, and the servers as they are
//	POST reimage, begin-reinstall        {"server_id", "image_id", "key_pair_name"}
//	POST set-image, set-key-pair, set-status    {"server_id", "image_id" or "key_pair_name" or "status"}
//	POST power-on, power-off, delete     {"server_id"}
//	POST add-server, add-image, add-fault    the fields of Server, Image, Fault; add-server replies with the server, add-fault with {"id"}
//	POST remove-fault                    {"id"}
//	POST clear-faults, sync, reset-log
//	POST shutdown                        calls shutdown, if it is not nil
//
// requests shows bodies and headers as received, secrets included.
func Handler(c *simulator.Cloud, shutdown func()) http.Handler {
	mux := http.NewServeMux()
	get := func(name string, read func() any) {
		mux.HandleFunc("GET /_simulator/"+name, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, read()) })
	}
	get("requests", func() any { return c.Requests() })
	get("wipes", func() any { return list(c.Wipes()) })
	get("violations", func() any { return list(c.Violations()) })
	get("innocent", func() any { return list(c.Innocent()) })
	get("faults-hit", func() any { return c.FaultsHit() })
	get("servers", func() any { return c.Servers() })
	addActors(c, mux)
	addAdditions(c, mux)
	mux.HandleFunc("POST /_simulator/shutdown", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{})
		if shutdown != nil {
			shutdown()
		}
	})
	return mux
}

// list replaces nil by an empty list, since JSON would write null.
func list[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}

// command is the body of the routes that act on a server.
type command struct {
	ServerID    string `json:"server_id"`
	ImageID     string `json:"image_id"`
	KeyPairName string `json:"key_pair_name"`
	Status      string `json:"status"`
}

func addActors(c *simulator.Cloud, mux *http.ServeMux) {
	actor := func(name string, do func(command)) {
		post(mux, name, func(in command) (any, string) {
			if !c.Has(in.ServerID) {
				return nil, "no server " + strconv.Quote(in.ServerID)
			}
			do(in)
			return map[string]any{}, ""
		})
	}
	actor("reimage", func(in command) { c.Reimage(in.ServerID, in.ImageID) })
	actor("begin-reinstall", func(in command) { c.BeginReinstall(in.ServerID, in.ImageID, in.KeyPairName) })
	actor("set-image", func(in command) { c.SetImage(in.ServerID, in.ImageID) })
	actor("set-key-pair", func(in command) { c.SetKeyPair(in.ServerID, in.KeyPairName) })
	actor("set-status", func(in command) { c.SetStatus(in.ServerID, in.Status) })
	actor("power-on", func(in command) { c.PowerOn(in.ServerID) })
	actor("power-off", func(in command) { c.PowerOff(in.ServerID) })
	actor("delete", func(in command) { c.Delete(in.ServerID) })
	for name, do := range map[string]func(){"clear-faults": c.ClearFaults, "sync": c.Sync, "reset-log": c.ResetLog} {
		mux.HandleFunc("POST /_simulator/"+name, func(w http.ResponseWriter, _ *http.Request) {
			do()
			answer(w, http.StatusOK, map[string]any{})
		})
	}
}

func addAdditions(c *simulator.Cloud, mux *http.ServeMux) {
	post(mux, "add-image", func(in simulator.Image) (any, string) {
		c.AddImage(in)
		return map[string]any{}, ""
	})
	post(mux, "add-server", func(in simulator.Server) (any, string) {
		if in.ID != "" && (!datacenter.ValidID(in.ID) || c.Has(in.ID)) {
			return nil, "the server id is malformed or taken"
		}
		return c.AddServer(in), ""
	})
	var mu sync.Mutex
	var removers []func()
	post(mux, "add-fault", func(in simulator.Fault) (any, string) {
		mu.Lock()
		defer mu.Unlock()
		removers = append(removers, c.AddFault(in))
		return map[string]any{"id": len(removers)}, ""
	})
	post(mux, "remove-fault", func(in struct {
		ID int `json:"id"`
	},
	) (any, string) {
		mu.Lock()
		defer mu.Unlock()
		if in.ID < 1 || in.ID > len(removers) {
			return nil, "no such fault"
		}
		removers[in.ID-1]()
		return map[string]any{}, ""
	})
}

// post adds a route that reads a T. do returns the reply, or the error message of a 400.
func post[T any](mux *http.ServeMux, name string, do func(T) (any, string)) {
	mux.HandleFunc("POST /_simulator/"+name, func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
		var in T
		if err == nil {
			err = strictjson.Unmarshal(body, &in)
		}
		if err != nil {
			answer(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
			return
		}
		out, wrong := do(in)
		if wrong != "" {
			answer(w, http.StatusBadRequest, map[string]any{"error": wrong})
			return
		}
		answer(w, http.StatusOK, out)
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v)
}
