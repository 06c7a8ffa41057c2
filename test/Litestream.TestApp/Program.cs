using Litestream.TestApp;

return args switch
{
    ["write", var database, .. var options] => Writer.Run(database, options),
    ["sql", var database] => SqlSession.Run(database),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        write DATABASE [--seed N] [--page-size N] [--auto-checkpoint N] [--pause MILLISECONDS]
            commits at random until its input ends or it is killed
        sql DATABASE
            runs each line of its input as SQL, answering "ok VALUE" or "error CODE MESSAGE"
        """);
    return 2;
}
