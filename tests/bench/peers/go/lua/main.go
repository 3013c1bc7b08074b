// Seconds of one run of a Lua program on gopher-lua: lua FILE
package main

import (
	"fmt"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	// Its table.concat needs a register for each item.
	state := lua.NewState(lua.Options{RegistrySize: 1 << 20})
	defer state.Close()
	if err := state.DoFile(os.Args[1]); err != nil {
		panic(err)
	}
	program := state.Get(-1)
	started := time.Now()
	if err := state.CallByParam(lua.P{Fn: program, NRet: 1, Protect: true}); err != nil {
		panic(err)
	}
	fmt.Println(time.Since(started).Seconds())
}
