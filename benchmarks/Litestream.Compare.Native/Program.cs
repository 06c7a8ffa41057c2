using Litestream.Compare.Worker;

return args is ["worker", .. var work] && await ReplicationProgram.TryRunAsync(work) ? 0 : 2;
