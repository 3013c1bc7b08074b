// The least a Go program can do.
package main

import "fmt"

func main() { fmt.Println("hello") }
