-- wrk … -s wrk.lua URL -- METHOD TYPE BODY: asks that, and prints what came of it as a line of JSON.

function init(args)
  wrk.method = args[1] or "GET"
  if args[2] then
    wrk.headers["Content-Type"] = args[2]
    wrk.body = args[3]
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"failed":%d,"p99":%f}\n',
    summary.requests,
    summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(99) / 1000
  ))
end
