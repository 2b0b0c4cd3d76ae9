package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// cmdServer adds a server: server NAME [JSON of simulator.Server]. Its id is ${NAME} in the script, and var.NAME in the
// configuration.
func cmdServer(ts *testscript.TestScript, w *world, args []string) {
	name := args[0]

	var server simulator.Server

	unmarshal(ts, args[1:], &server)

	if server.Name == "" {
		server.Name = name
	}

	server = w.cloud.AddServer(server)
	w.ids[name] = server.ID
	ts.Setenv(name, server.ID)
	ts.Check(os.WriteFile(ts.MkAbs("server_"+name+".tf"),
		fmt.Appendf(nil, "variable %q {\n  default = %q\n}\n", name, server.ID), 0o600))
}

// cmdServers adds several servers that are alike: servers NAME COUNT [JSON of simulator.Server]. In the script they are
// NAME0, NAME1 ..., or NAME for all of them; in the configuration their ids are the list var.NAME.
func cmdServers(ts *testscript.TestScript, w *world, args []string) {
	count, err := strconv.Atoi(args[1])
	ts.Check(err)

	ids := make([]string, count)

	for i := range ids {
		server := simulator.Server{Name: fmt.Sprintf("%s%d", args[0], i)}
		unmarshal(ts, args[2:], &server)

		server = w.cloud.AddServer(server)
		ids[i], w.ids[server.Name] = server.ID, server.ID
	}

	w.lists[args[0]] = ids

	list, err := json.Marshal(ids)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("servers_"+args[0]+".tf"),
		fmt.Appendf(nil, "variable %q {\n  default = %s\n}\n", args[0], list), 0o600))
}

// cmdBehavior sets the behaviour of the cloud: behavior JSON of simulator.Behavior.
func cmdBehavior(ts *testscript.TestScript, w *world, args []string) {
	var behavior simulator.Behavior

	unmarshal(ts, args, &behavior)
	w.cloud.SetBehavior(behavior)
}

// cmdImage adds an image, or replaces it: image JSON of simulator.Image.
func cmdImage(ts *testscript.TestScript, w *world, args []string) {
	var image simulator.Image

	unmarshal(ts, args, &image)
	w.cloud.AddImage(image)
}

// cmdFault adds a fault rule: fault JSON of simulator.Fault.
func cmdFault(ts *testscript.TestScript, w *world, args []string) {
	var fault simulator.Fault

	unmarshal(ts, args, &fault)
	w.cloud.AddFault(fault)
}

// cmdOutside has somebody else act on a server: outside reimage|image|key|status|delete|begin NAME [VALUE ...], or ends what
// is in progress there: outside finish NAME.
func cmdOutside(ts *testscript.TestScript, w *world, args []string) {
	id := w.ids[args[1]]

	switch args[0] {
	case "reimage":
		w.cloud.Reimage(id, args[2])
	case "image":
		w.cloud.SetImage(id, args[2])
	case "key":
		w.cloud.SetKeyPair(id, args[2])
	case "status":
		w.cloud.SetStatus(id, args[2])
	case "delete":
		w.cloud.Delete(id)
	case "begin":
		w.cloud.BeginReinstall(id, args[2], args[3])
	case "finish":
		w.cloud.Finish(id)
	default:
		ts.Fatalf("no such action: %q", args[0])
	}
}

// cmdRival has somebody else begin a reinstall just before the next request of a kind for a server is handled:
// rival NAME ACTION IMAGE KEY_PAIR [STATUS]. The request is answered with that status, by default as the cloud answers it.
func cmdRival(ts *testscript.TestScript, w *world, args []string) {
	status := 0

	if len(args) > 4 {
		var err error

		status, err = strconv.Atoi(args[4])
		ts.Check(err)
	}

	w.cloud.AddFault(simulator.Fault{
		Name: "rival", ServerID: w.ids[args[0]], Action: args[1], Times: 1, Status: status,
		OnMatch: func(cloud *simulator.Cloud, id string) { cloud.BeginReinstall(id, args[2], args[3]) },
	})
}
