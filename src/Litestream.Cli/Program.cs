using Litestream.Cli;
using Litestream.Cli.Output;

return await LitestreamCommandLine.RunAsync(args, new Screen()).ConfigureAwait(false);
