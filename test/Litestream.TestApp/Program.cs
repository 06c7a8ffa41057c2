using Litestream.TestApp;

return args switch
{
    ["replicate", var database, var replica, .. var options] => await Replicator.RunAsync(database, replica, options),
    ["restore", var replica, var output] => await Restorer.RunAsync(replica, output),
    ["write", var database, .. var options] => Writer.Run(database, options),
    ["bank", var database, .. var options] => await new Bank(database, options).RunAsync(),
    ["sql", var database] => SqlSession.Run(database),
    ["overwrite", var path, var offset, var bytes] => Overwriter.Run(path, offset, bytes),
    ["shell", var database, var statement] => SqlShell.Run(database, statement),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        write DATABASE [--seed N] [--page-size N] [--auto-checkpoint N] [--pause MILLISECONDS]
            commits at random until its input ends or it is killed
        replicate DATABASE REPLICA [--checkpoint-interval MILLISECONDS] [--min-checkpoint-pages N]
                  [--snapshot-interval MILLISECONDS] [--synchronous N]
            replicates until its input ends; answers "sync" with "synced POSITION", "insert TEXT" with "inserted",
            and "restore" with "closed", then "exchanged PREVIOUS"
        restore REPLICA OUTPUT
            restores, and says "restored POSITION"
        bank DATABASE --replica URL... [--meta PATH] [--seed N] [--min-checkpoint-pages N] [--degraded-after MILLISECONDS]
             [--checkpoint-interval | --snapshot-interval | --retention | --retention-check MILLISECONDS]
            restores what is missing and replicates until its input ends; "ready", then "write CLIENTS" is answered with
            "ack ENTRY HASH POSITION" again and again, "commit TIMES", "sync", "snapshot", "restore OUTPUT", "status" once
        sql DATABASE
            runs each line of its input as SQL, answering "ok VALUE" or "error CODE MESSAGE"
        overwrite FILE OFFSET HEXADECIMAL
            puts bytes into a file, as whoever damages it does
        shell DATABASE STATEMENT
            prints the rows as the sqlite3 command line does, or the content for .dump
        """);
    return 2;
}
