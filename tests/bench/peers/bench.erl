%% The Erlang side of the benchmarks: erl -noshell -pa DIR -run bench main NAME COUNT
-module(bench).
-export([main/1, loop/0, init/1, handle_call/3, handle_cast/2]).
-behaviour(gen_server).

main(["population", Count]) ->
    [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, list_to_integer(Count))],
    io:format("population ready~n"),
    receive stop -> ok end;
main([Name, Count]) ->
    N = list_to_integer(Count),
    Run = fun(K) -> run(Name, K) end,
    Run(N div 10),
    {Micros, _} = timer:tc(fun() -> Run(N) end),
    io:format("~f~n", [Micros / N]),
    halt().

run("round_trip", N) ->
    Pid = spawn(?MODULE, loop, []),
    round_trip(Pid, N),
    exit(Pid, kill);
run("spawn", N) -> spawns(N);
run("calls", N) ->
    {ok, Pid} = gen_server:start(?MODULE, [], []),
    calls(Pid, N),
    gen_server:stop(Pid).

loop() -> receive {ping, From} -> From ! {answer, 1}, loop() end.

round_trip(_, 0) -> ok;
round_trip(Pid, N) ->
    Pid ! {ping, self()},
    receive {answer, _} -> round_trip(Pid, N - 1) end.

spawns(0) -> ok;
spawns(N) ->
    {Pid, Ref} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Ref, process, Pid, _} -> spawns(N - 1) end.

calls(_, 0) -> ok;
calls(Pid, N) -> ok = gen_server:call(Pid, hello), calls(Pid, N - 1).

init(_) -> {ok, none}.
handle_call(hello, _, S) -> {reply, ok, S}.
handle_cast(_, S) -> {noreply, S}.
